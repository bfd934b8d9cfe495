package worker

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel kill the worker when this process dies. A process group of its own keeps the terminal's
// Ctrl-C from it: whoever started it ends it in order.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
