;; kill
;; fails: Killed
;; says: killed
(func $step (param $now i64) (loop $forever (br $forever)))
