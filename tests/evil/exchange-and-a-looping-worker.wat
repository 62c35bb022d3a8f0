;; workers: 3
;; kill
;; fails: Killed
(func $step (param $now i64)
  (if (global.get $worker)
    (then (call $host.exchange (i32.const 1) (global.get $list) (global.get $len) (call $pair (i32.const 0) (i32.const 0))))
    (else (loop $forever (br $forever)))))
