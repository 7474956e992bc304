CREATE INDEX alarms_key ON alarms (alarm_key)
