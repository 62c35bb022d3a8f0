;; time: 100
;; fails: Timeout
;; says: longer than its limit of 100ms
(func $delta (param i32 i32) (result i32) (loop $forever (br $forever)) (i32.const 0))
