;; fails: SqlError
;; says: xxxx
;; at: 1 1
(func $step (param $now i64)
  (drop (memory.grow (i32.const 256)))
  (memory.fill (i32.const 65536) (i32.const 120) (i32.const 16000000))
  (call $host.fail (i32.const 65536) (i32.const 16000000) (i32.const 1) (i32.const 1)))
