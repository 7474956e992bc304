/** The labels about alarms. */
export const alarmsEn = {
  title: 'Alarms',
  of: (name: string) => `Alarms of ${name}`,
  show: (count: number) => `Show the alarms: ${count}`,
  showOf: (name: string, count: number) => `Alarms of ${name}: ${count}`,
  none: 'No active alarms',
  hint: (stopped: number, critical: number, handled: number) =>
    [stopped ? `${stopped} stopped` : '', critical ? `${critical} critical` : '', handled ? `${handled} handled` : ''].filter(Boolean).join(' · '),
  server: 'Lifeboat server',
  since: 'Since',
  leads: {
    lifeboat_disk_unavailable: () => 'System',
    cluster_unavailable: () => 'View cluster',
    base_backup_fail: (task?: number | null) => `Task ${task}`,
    log_backup_interrupted: () => 'Log Backup Tasks',
    inc_backup_delay: () => 'Log Backup Tasks',
    backup_storage_capacity_over_threshold: () => 'Backup Storage Trend',
    base_backup_timeout: (task?: number | null) => `Task ${task}`,
    base_backup_too_long_time_no_one_success_task: () => 'Backup & Recovery',
    backup_partial: (task?: number | null) => (typeof task === 'number' ? `Task ${task}` : 'Backup & Recovery'),
    backup_run_missed: () => 'Backup Strategy',
    backup_strategy_owner_invalid: () => 'Backup Strategy',
    backup_strategy_unreadable: () => 'Backup Strategy',
  },
};

export const alarmsZh: typeof alarmsEn = {
  title: '告警',
  of: (name: string) => `${name} 的告警`,
  show: (count: number) => `查看告警：${count}`,
  showOf: (name: string, count: number) => `${name} 的告警：${count}`,
  none: '暂无告警',
  hint: (stopped: number, critical: number, handled: number) =>
    [stopped ? `停服 ${stopped}` : '', critical ? `严重 ${critical}` : '', handled ? `已处理 ${handled}` : ''].filter(Boolean).join(' · '),
  server: 'Lifeboat 服务器',
  since: '开始于',
  leads: {
    lifeboat_disk_unavailable: () => '系统',
    cluster_unavailable: () => '查看集群',
    base_backup_fail: (task?: number | null) => `任务 ${task}`,
    log_backup_interrupted: () => '日志备份任务',
    inc_backup_delay: () => '日志备份任务',
    backup_storage_capacity_over_threshold: () => '备份存储趋势',
    base_backup_timeout: (task?: number | null) => `任务 ${task}`,
    base_backup_too_long_time_no_one_success_task: () => '备份恢复',
    backup_partial: (task?: number | null) => (typeof task === 'number' ? `任务 ${task}` : '备份恢复'),
    backup_run_missed: () => '备份策略',
    backup_strategy_owner_invalid: () => '备份策略',
    backup_strategy_unreadable: () => '备份策略',
  },
};
