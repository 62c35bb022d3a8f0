;; time: 100
;; fails: Timeout
;; says: longer
(func $ingest (param i32 i32 i32)
  (loop $forever (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))) (br $forever)))
