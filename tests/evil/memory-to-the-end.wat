;; kill
;; fails: Killed
(func $step (param $now i64)
  ;; All that 32 bits can reach, none of it touched; then it goes on asking.
  (loop $forever (drop (memory.grow (i32.const 4096))) (br $forever)))
