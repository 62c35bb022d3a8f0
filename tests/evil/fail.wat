;; fails: SqlError
;; says: something went wrong
;; at: 3 14
(func $step (param $now i64)
  (call $host.fail (i32.const 32) (i32.const 20) (i32.const 3) (i32.const 14))
  ;; Never comes here.
  (loop $forever (br $forever)))
