;; workers: 2
;; memory: 64
;; fails: MemoryLimit
;; says: limit of 64 MiB
(func $step (param $now i64)
  ;; Two blocks of 24 MB that share the same 12 MB of words: less for the guest than for the host.
  (drop (memory.grow (i32.const 200)))
  (i32.store (i32.const 128) (i32.const 1))
  (i32.store (i32.const 132) (i32.const 65536))
  (i32.store (i32.const 136) (i32.const 1500000))
  (i32.store (i32.const 140) (i32.const 0))
  (i32.store (i32.const 144) (i32.const 0))
  (i32.store (i32.const 148) (i32.const 65536))
  (i32.store (i32.const 152) (i32.const 1500000))
  (memory.copy (i32.const 156) (i32.const 128) (i32.const 28))
  (call $host.exchange (i32.const 7) (i32.const 128) (i32.const 2) (call $pair (i32.const 0) (i32.const 0))))
