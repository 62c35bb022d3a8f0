;; fails: Protocol
;; says: fuel allocated for hostcalls
(func $delta (param i32 i32) (result i32)
  ;; Three million empty blocks in 84 MB; the host would make as many objects.
  (drop (memory.grow (i32.const 1500)))
  (call $pair (i32.const 65536) (i32.const 3000000)))
