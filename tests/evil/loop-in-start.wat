;; kill
;; fails: Killed
(func $spin (loop $forever (br $forever)))
(start $spin)
