;; fails: Protocol
;; says: utf-8
(data (i32.const 64) "\ff\fe\fd")
(func $describe (result i32) (call $pair (i32.const 64) (i32.const 3)))
