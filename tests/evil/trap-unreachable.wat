;; fails: Trap
;; says: `step`
;; says: unreachable
(func $step (param $now i64) unreachable)
