;; workers: 2
;; memory: 64
;; fails: MemoryLimit
;; says: more memory than its limit of 64 MiB
(func $open (param $worker i32) (param i32 i32 i32 i32) (result i32)
  ;; 40 MiB each.
  (drop (memory.grow (i32.const 640)))
  (call $pair (i32.const 0) (i32.const 0)))
