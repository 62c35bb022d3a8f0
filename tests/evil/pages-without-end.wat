;; kill
;; fails: Killed
(func $delta (param i32 i32) (result i32)
  (local $at i32)
  (local.set $at (call $pair (i32.const 0) (i32.const 0)))
  (i32.store8 offset=8 (local.get $at) (i32.const 1))
  ;; Reuse the memory: only the host's patience ends.
  (global.set $top (local.get $at))
  (local.get $at))
