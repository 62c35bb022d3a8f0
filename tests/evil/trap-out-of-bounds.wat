;; fails: Trap
;; says: out of bounds
(func $ingest (param i32 i32 i32) (drop (i32.load (i32.const -8))))
