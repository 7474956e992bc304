// The exact texts that users read.
export const WORDS = {
  en: {
    user: 'User name', password: 'Password', logOn: 'Log On', wrong: /attempts left: 4/,
    activate: 'Set password to activate the account', newPassword: 'New password', repeat: 'Repeat the new password',
    setPassword: 'Set Password', clusters: 'Clusters', takeOver: 'Take over Cluster', takeOverSubmit: 'Take over',
    name: 'Cluster name', addresses: 'Addresses', clusterUser: 'User', overview: 'Overview',
    backup: 'Backup & Recovery', backUpNow: 'Back up Now', objects: 'Backup Objects', version: 'OceanBase Version',
    backupCluster: 'Backup Cluster', method: 'Backup Method', logical: 'Logical', storage: 'Storage Configuration',
    typed: 'Enter manually', saved: 'Select an existing configuration', directory: 'Storage Directory', test: 'Test',
    allPassed: 'All completed checks passed', someFailed: 'Some checks failed', mode: 'Data Backup Mode',
    full: 'Full', incremental: 'Incremental', plan: 'Show Plan', successful: 'Successful', failed: 'Failed', partial: 'Partial',
    steps: ['Check cluster status', 'Check backup storage', 'Check if ready to data backup', 'Take snapshot',
      'Dump schema', 'Dump data', 'Verify backup set', 'Record backup set'],
    dataBackupTasks: 'Data Backup Tasks', backupSets: 'Backup Sets', recoveryTasks: 'Recovery Tasks',
    recover: 'Recover', initiateRecovery: 'Initiate Recovery', addRename: 'Recover a database under another name',
    oldName: 'In the backup set', newName: 'Recovered as', set: /^Backup set \d+ of/, tablesHint: /^Single tables are recovered without/,
    storages: 'Storage Configurations', create: 'New Storage Configuration', configName: 'Configuration Name', save: 'Save',
    tasks: 'Tasks', system: 'System', account: 'Account', logOff: 'Log Off', disconnected: 'The server does not answer',
    cancel: 'Cancel',
  },
  zh: {
    user: '用户名', password: '密码', logOn: '登录', wrong: /4/,
    activate: '设置密码以激活账号', newPassword: '新密码', repeat: '再次输入新密码', setPassword: '设置密码',
    clusters: '集群', takeOver: '接管集群', takeOverSubmit: '接管', name: '集群名', addresses: '地址', clusterUser: '用户',
    overview: '总览', backup: '备份恢复', backUpNow: '立即备份', objects: '备份对象', version: 'OceanBase 版本',
    backupCluster: '备份集群', method: '备份方式', logical: '逻辑备份', storage: '存储配置', typed: '手动输入',
    saved: '选择已有配置', directory: '存储目录', test: '测试', allPassed: '已完成的检查全部通过', someFailed: '部分检查项未通过',
    mode: '数据备份模式', full: '全量', incremental: '增量', plan: '查看计划', successful: '成功', failed: '失败', partial: '部分完成', steps: [],
    dataBackupTasks: '数据备份任务', backupSets: '备份集', recoveryTasks: '恢复任务', recover: '恢复',
    initiateRecovery: '发起恢复', addRename: '以其他名称恢复数据库', oldName: '备份集中的名称', newName: '恢复后的名称',
    set: /的备份集/, tablesHint: /^单独恢复的表/, storages: '存储配置', create: '新建存储配置', configName: '配置名称',
    save: '保存', tasks: '任务', system: '系统', account: '账号', logOff: '退出登录', disconnected: '服务器没有响应',
    cancel: '终止',
  },
};

// The texts for clusters with physical backup.
export const PHYSICAL_WORDS = {
  en: {
    noAccountOfData: 'The tenant data has no logical backup account',
    physical: 'Physical', needsFull: 'Full data backup needed before incremental data backup',
    inFull: 'Back up in full instead', needsCompaction: 'Cluster compaction needed before full data backup',
    compact: 'Perform a major compaction', autoCompaction: 'Perform a major compaction if needed',
    initiate: 'Initiate Major Compaction', taskWaits: /waits for a major compaction/, taskCanGoOn: /can be retried/,
    backToTask: 'Back to the Task', retry: 'Retry', pause: 'Pause', resume: 'Resume',
    stop: 'Stop', logRunning: 'Running', logPaused: 'Paused', logStopped: 'Stopped', refresh: 'Refresh', notFromHere: 'This server cannot access the storage',
    alarms: (cluster) => `Alarms of ${cluster}: 2`,
    upgrading: 'Upgrading', findObject: 'Find a tenant', refusesUser: /refuses the user/, oneTenant: /1 tenant/,
    removeCredential: 'Remove Account', cancelTask: 'Cancel Task',
  },
  zh: {
    noAccountOfData: '租户“data”未配置逻辑备份账号',
    physical: '物理备份', needsFull: 'Full data backup needed before incremental data backup', inFull: '改为全量备份',
    needsCompaction: 'Cluster compaction needed before full data backup', compact: '发起合并', autoCompaction: '需要时自动发起合并',
    initiate: '发起合并', taskWaits: /正在等待合并/, taskCanGoOn: /可以重试/, backToTask: '返回任务', retry: '重试',
    pause: '暂停', resume: '继续', stop: '停止', logRunning: '运行中', logPaused: '已暂停', logStopped: '已停止',
    mayNot: '当前角色没有此操作的权限，请联系管理员。', refresh: '刷新', notFromHere: '本服务器无法访问该存储', upgrading: '升级中', findObject: '查找租户',
    alarms: (cluster) => `${cluster} 的告警：2`, refusesUser: /拒绝用户/, oneTenant: /1 个租户/, removeCredential: '移除账号', cancelTask: '终止任务',
  },
};

// The texts for backup strategies.
export const STRATEGY_WORDS = {
  en: {
    tab: 'Backup Strategy', none: 'This cluster has no backup strategy', notFilledIn: /so the storage is not filled in/,
    createLink: 'Create a backup strategy', objectHint: /own strategy replaces/, submit: 'Submit', week: 'Week', month: 'Month',
    cron: 'Cron expression', filledIn: 'Filled in from the backup strategy of cluster prod.', scheduled: 'Scheduled',
    modify: 'Modify', pause: 'Pause', resume: 'Resume', remove: 'Delete', goBack: 'Cancel', setsStay: /Backup sets stay/,
    missed: 'Missed', whyMissed: 'The strategy is paused', paused: 'Paused', forTenant: 'New Tenant Strategy', object: 'Backup Object',
  },
  zh: {
    tab: '备份策略', none: '该集群没有备份策略', notFilledIn: /存储配置无法自动填写/, createLink: '新建备份策略',
    objectHint: /集群的备份策略对该租户不再生效/, submit: '提交', week: '周', month: '月', cron: 'Cron 表达式',
    filledIn: '已根据集群 prod 的备份策略填写。', scheduled: '调度', modify: '编辑', pause: '暂停', resume: '恢复调度', remove: '删除',
    goBack: '取消', setsStay: /备份集保留/, missed: '未执行', whyMissed: '策略已暂停', paused: '已暂停', forTenant: '新建租户备份策略',
    object: '备份对象',
  },
};
