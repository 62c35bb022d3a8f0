;; memory: 64
;; fails: MemoryLimit
;; says: limit of 64 MiB
(table $t 0 funcref)
(func $step (param $now i64)
  (loop $forever (drop (table.grow $t (ref.null func) (i32.const 100000))) (br $forever)))
