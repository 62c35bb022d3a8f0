;; memory: 64
;; fails: MemoryLimit
;; says: more memory than its limit of 64 MiB
(func $step (param $now i64)
  (loop $forever (drop (memory.grow (i32.const 16))) (br $forever)))
