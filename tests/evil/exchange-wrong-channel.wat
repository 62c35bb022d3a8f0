;; workers: 3
;; fails: Protocol
;; says: exchanges on channel
(func $step (param $now i64)
  (call $host.exchange (i32.eqz (global.get $worker)) (global.get $list) (global.get $len) (call $pair (i32.const 0) (i32.const 0))))
