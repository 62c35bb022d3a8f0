;; delta: 64
;; fails: Protocol
;; says: a delta of more than 64 MiB
(func $delta (param i32 i32) (result i32)
  ;; A block of 8 KiB of words in rows of one word, over and over; there is always more.
  (i32.store (i32.const 128) (i32.const 1))
  (i32.store (i32.const 132) (i32.const 65536))
  (i32.store (i32.const 136) (i32.const 1024))
  (i32.store (i32.const 140) (i32.const 0))
  (i32.store (i32.const 144) (i32.const 0))
  (i32.store (i32.const 148) (i32.const 65536))
  (i32.store (i32.const 152) (i32.const 1024))
  (i32.store (i32.const 160) (i32.const 128))
  (i32.store (i32.const 164) (i32.const 1))
  (i32.store (i32.const 168) (i32.const 1))
  (i32.const 160))
