;; kill
;; fails: Killed
(func $step (param $now i64)
  (loop $forever (drop (call $host.cancelled)) (br $forever)))
