;; fails: Protocol
;; says: expected `string` found `u32`
(component
  (core module $m
    (func (export "describe") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func $f (result u32) (canon lift (core func $i "describe")))
  (instance $p
    (export "describe" (func $f)) (export "open" (func $f)) (export "ingest" (func $f)) (export "step" (func $f))
    (export "keep-delta" (func $f)) (export "delta" (func $f)) (export "snapshot-open" (func $f))
    (export "snapshot-next" (func $f)) (export "snapshot-close" (func $f)) (export "checkpoint" (func $f))
    (export "profile" (func $f)))
  (export "weir:pipeline/pipeline@0.1.0" (instance $p)))
