;; kill
;; fails: Killed
(func $describe (result i32) (loop $forever (br $forever)) (i32.const 0))
