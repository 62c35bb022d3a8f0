;; fails: Protocol
;; says: there is no operator 65536
(func $step (param $now i64)
  (call $host.operated (i32.const 65535) (i64.const -1) (i64.const -1))
  (call $host.operated (i32.const 65535) (i64.const -1) (i64.const -1))
  (call $host.committed (i32.const 65536)))
