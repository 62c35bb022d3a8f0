;; fails: Protocol
;; says: there is no block of state 4711
(func $step (param $now i64) (call $host.state-read (i64.const 4711) (call $pair (i32.const 0) (i32.const 0))))
