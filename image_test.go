//go:build linux

package straytoken_test

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const imageVersion = "v0.0.0-image"

// TestImage does what the Dockerfile does, without a container engine: it builds the
// binary by the Dockerfile's own line, and runs it in an empty root folder as the
// Dockerfile's user. The run needs root.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	dockerfile := read(t, "Dockerfile")
	root := t.TempDir()
	build(t, dockerfile, filepath.Join(root, "straytoken"))
	static(t, filepath.Join(root, "straytoken"))
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root folder")
	}
	image := image{t: t, root: root, user: userOf(t, dockerfile)}
	entry := listOf(t, dockerfile, "ENTRYPOINT ")
	if out, code := image.run("", append(entry, "version")...); code != 0 || !strings.Contains(out, imageVersion) {
		t.Errorf("version: exit code %d: %s", code, out)
	}
	if out, code := image.run(`{"Records":[]}`, append(entry, "scan", "-")...); code != 0 {
		t.Errorf("scan of an empty trail: exit code %d: %s", code, out)
	}
	out, code := image.run("", listOf(t, dockerfile, "CMD ")...)
	if code == 0 || !strings.Contains(out, "no worker answers") {
		t.Errorf("health check without a worker: exit code %d: %s", code, out)
	}
}

// build runs the Dockerfile's build line.
func build(t *testing.T, dockerfile, to string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*?) \\?$`).FindStringSubmatch(dockerfile)
	if line == nil {
		t.Fatal("the Dockerfile has no build line")
	}
	command := strings.NewReplacer("${VERSION}", imageVersion, "-o /out/straytoken", "-o "+to).Replace(line[1])
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// static tells whether a binary needs no other file to run.
func static(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("the binary is not static")
	}
}

// image is a root folder that holds the binary alone.
type image struct {
	t    *testing.T
	root string
	user uint32
}

// run gives the output and the exit code.
func (i image) run(input string, args ...string) (string, int) {
	i.t.Helper()
	var out bytes.Buffer
	cmd := &exec.Cmd{
		Path: args[0], Args: args, Dir: "/", Env: []string{}, Stdin: strings.NewReader(input), Stdout: &out, Stderr: &out,
		SysProcAttr: &syscall.SysProcAttr{Chroot: i.root, Credential: &syscall.Credential{Uid: i.user, Gid: i.user}},
	}
	if err := os.Chmod(i.root, 0o555); err != nil {
		i.t.Fatal(err)
	}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		i.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func userOf(t *testing.T, dockerfile string) uint32 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^USER ([0-9]+):`).FindStringSubmatch(dockerfile)
	if m == nil || m[1] == "0" {
		t.Fatal("the Dockerfile names no user by number, or root")
	}
	id, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(id)
}

// listOf reads the JSON list behind a word of the Dockerfile.
func listOf(t *testing.T, dockerfile, word string) []string {
	t.Helper()
	_, rest, _ := strings.Cut(dockerfile, word+"[")
	text, _, _ := strings.Cut(rest, "\n")
	var list []string
	if err := json.Unmarshal([]byte("["+text), &list); err != nil {
		t.Fatalf("the Dockerfile's %s: %v", word, err)
	}
	return list
}
