;; fails: Protocol
;; says: `delta`
(func $delta (param i32 i32) (result i32) (call $pair (i32.const 65536) (i32.const 0x7fffffff)))
