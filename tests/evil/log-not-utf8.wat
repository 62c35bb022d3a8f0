;; fails: Protocol
;; says: utf-8
(data (i32.const 64) "\ff\fe\fd")
(func $step (param $now i64) (call $host.log (i32.const 1) (i32.const 64) (i32.const 3)))
