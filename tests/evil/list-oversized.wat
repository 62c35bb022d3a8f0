;; fails: Protocol
;; says: fuel allocated for hostcalls
(func $step (param $now i64)
  ;; 160 MB of words, all there, but more than one call may hand over.
  (drop (memory.grow (i32.const 2600)))
  (drop (call $host.state-write (i32.const 1) (i32.const 65536) (i32.const 20000000) (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const 0))))
