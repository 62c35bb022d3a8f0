;; A pipeline that keeps the blocks it was given last and hands them out as the delta of every relation, and as the
;; snapshot of relation 0. With more than one worker, a step exchanges them on channel 7: the list that was ingested must
;; then have one block for each worker.
(module
  (import "weir:pipeline/host@0.1.0" "exchange" (func $host.exchange (param $channel i32) (param $list i32) (param $len i32) (param $ret i32)))
  (import "weir:pipeline/host@0.1.0" "state-write" (func $host.state-write (param $stride i32) (param $words i32) (param $nwords i32) (param $ends i32) (param $nends i32) (param $weights i32) (param $nweights i32) (result i64)))
  (import "weir:pipeline/host@0.1.0" "state-read" (func $host.state-read (param $id i64) (param $ret i32)))
  (import "weir:pipeline/host@0.1.0" "state-drop" (func $host.state-drop (param $id i64)))
  (import "weir:pipeline/host@0.1.0" "operated" (func $host.operated (param $node i32) (param $rows-in i64) (param $rows-out i64)))
  (import "weir:pipeline/host@0.1.0" "committed" (func $host.committed (param $node i32)))
  (import "weir:pipeline/host@0.1.0" "log" (func $host.log (param $level i32) (param $text i32) (param $len i32)))
  (import "weir:pipeline/host@0.1.0" "fail" (func $host.fail (param $text i32) (param $len i32) (param $line i32) (param $column i32)))
  (import "weir:pipeline/host@0.1.0" "cancelled" (func $host.cancelled (result i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 4096))
  (global $worker (mut i32) (i32.const 0))
  (global $workers (mut i32) (i32.const 1))
  ;; The blocks that were ingested last, or came out of the exchange: where the list lies, and its length.
  (global $list (mut i32) (i32.const 0))
  (global $len (mut i32) (i32.const 0))
  (data (i32.const 16) "{}")
  (data (i32.const 32) "something went wrong")

  ;; Never gives memory back.
  (func $realloc (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get $size)))
    (block $fits
      (loop $more
        (br_if $fits (i32.ge_u (i32.shl (memory.size) (i32.const 16)) (global.get $top)))
        (drop (memory.grow (i32.const 16)))
        (br $more)))
    (local.get $at))

  ;; Two words in fresh memory.
  (func $pair (param $a i32) (param $b i32) (result i32)
    (local $at i32)
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 12)))
    (i32.store (local.get $at) (local.get $a))
    (i32.store offset=4 (local.get $at) (local.get $b))
    (i32.store offset=8 (local.get $at) (i32.const 0))
    (local.get $at))

  ;; The error of a result: a string.
  (func $refuse (param $text i32) (param $len i32) (result i32)
    (local $at i32)
    (local.set $at (call $pair (i32.const 1) (local.get $text)))
    (i32.store offset=8 (local.get $at) (local.get $len))
    (local.get $at))

  (;FUNCTIONS;)

  (export "cabi_realloc" (func $realloc))
  (export "weir:pipeline/pipeline@0.1.0#describe" (func $describe))
  (export "weir:pipeline/pipeline@0.1.0#open" (func $open))
  (export "weir:pipeline/pipeline@0.1.0#ingest" (func $ingest))
  (export "weir:pipeline/pipeline@0.1.0#step" (func $step))
  (export "weir:pipeline/pipeline@0.1.0#keep-delta" (func $keep-delta))
  (export "weir:pipeline/pipeline@0.1.0#delta" (func $delta))
  (export "weir:pipeline/pipeline@0.1.0#snapshot-open" (func $snapshot-open))
  (export "weir:pipeline/pipeline@0.1.0#snapshot-next" (func $snapshot-next))
  (export "weir:pipeline/pipeline@0.1.0#snapshot-close" (func $snapshot-close))
  (export "weir:pipeline/pipeline@0.1.0#checkpoint" (func $checkpoint))
  (export "weir:pipeline/pipeline@0.1.0#profile" (func $profile))
)
;; DEFAULTS
(func $describe (result i32) (call $pair (i32.const 16) (i32.const 2)))
;; DEFAULTS
(func $open (param $worker i32) (param $workers i32) (param $some i32) (param $at i32) (param $len i32) (result i32)
  (global.set $worker (local.get $worker))
  (global.set $workers (local.get $workers))
  (call $pair (i32.const 0) (i32.const 0)))
;; DEFAULTS
(func $ingest (param $table i32) (param $list i32) (param $len i32)
  (global.set $list (local.get $list))
  (global.set $len (local.get $len)))
;; DEFAULTS
(func $step (param $now i64)
  (local $ret i32)
  (if (i32.gt_u (global.get $workers) (i32.const 1))
    (then
      (local.set $ret (call $pair (i32.const 0) (i32.const 0)))
      (call $host.exchange (i32.const 7) (global.get $list) (global.get $len) (local.get $ret))
      (global.set $list (i32.load (local.get $ret)))
      (global.set $len (i32.load offset=4 (local.get $ret))))))
;; DEFAULTS
(func $keep-delta (param $relation i32) (param $keep i32))
;; DEFAULTS
(func $delta (param $relation i32) (param $page i32) (result i32) (call $pair (global.get $list) (global.get $len)))
;; DEFAULTS
(func $snapshot-open (param $relation i32) (result i32)
  (if (result i32) (local.get $relation)
    (then (call $refuse (i32.const 32) (i32.const 20)))
    (else (call $pair (i32.const 0) (i32.const 5)))))
;; DEFAULTS
(func $snapshot-next (param $handle i32) (result i32) (call $pair (global.get $list) (global.get $len)))
;; DEFAULTS
(func $snapshot-close (param $handle i32))
;; DEFAULTS
(func $checkpoint (result i32) (call $pair (i32.const 16) (i32.const 2)))
;; DEFAULTS
(func $profile (result i32) (call $pair (i32.const 16) (i32.const 2)))
