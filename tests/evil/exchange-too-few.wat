;; workers: 2
;; fails: Protocol
;; says: an exchange of 2 workers was given 1 blocks on channel 7
(func $step (param $now i64)
  (call $host.exchange (i32.const 7) (global.get $list) (i32.const 1) (call $pair (i32.const 0) (i32.const 0))))
