package devstack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// files is what a binary needs to set the servers up where the source is not at hand.
//
//go:embed package.json package-lock.json server.js
var files embed.FS

// stampFile, inside node_modules, holds the hash of the lock file that it was installed from.
const stampFile = ".straytoken-stamp"

// folder decides where the packages are installed.
func folder(wanted string) (string, error) {
	if wanted == "" {
		if source := sourceFolder(); source != "" {
			return source, nil
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for the local servers: %w", err)
		}
		wanted = filepath.Join(cache, "straytoken", "devstack")
	}
	return wanted, unpack(wanted)
}

// sourceFolder returns this package's own folder, or "" when the program runs away from its source.
func sourceFolder() string {
	_, file, _, ok := runtime.Caller(0)
	if dir := filepath.Dir(file); ok && filepath.IsAbs(dir) && exists(filepath.Join(dir, "package-lock.json")) {
		return dir
	}
	return ""
}

// unpack writes the embedded files that dir does not hold in this version. A rename makes each appear whole.
func unpack(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of the local servers: %w", err)
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		return fmt.Errorf("list the embedded files: %w", err)
	}
	for _, e := range entries {
		if err := unpackFile(dir, e.Name()); err != nil {
			return fmt.Errorf("unpack %s: %w", e.Name(), err)
		}
	}
	return nil
}

func unpackFile(dir, name string) error {
	want, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	target := filepath.Join(dir, name)
	if have, err := os.ReadFile(target); err == nil && bytes.Equal(have, want) {
		return nil
	}
	tmp, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	_, werr := tmp.Write(want)
	if err := tmp.Close(); werr == nil {
		werr = err
	}
	if werr == nil {
		werr = os.Rename(tmp.Name(), target)
	}
	if werr != nil {
		os.Remove(tmp.Name())
	}
	return werr
}

// install runs "npm ci" unless node_modules is already what the lock file says. One process at a time does it.
func install(ctx context.Context, dir string, out *tail) error {
	stamp, err := stampOf(dir)
	if err != nil {
		return err
	}
	if installed(dir, stamp) {
		return nil
	}
	unlock, err := lock(ctx, lockPath(dir))
	if err != nil {
		return fmt.Errorf("wait for another installation of the local servers: %w", err)
	}
	defer unlock()
	if installed(dir, stamp) {
		return nil
	}
	if err := npmCI(ctx, dir, out); err != nil {
		return fmt.Errorf("install the local servers with npm ci: %w; last output: %s", err, out)
	}
	return os.WriteFile(filepath.Join(dir, "node_modules", stampFile), []byte(stamp), 0o644)
}

func npmCI(ctx context.Context, dir string, out *tail) error {
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	killGroup(cmd)
	return cmd.Run()
}

func stampOf(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return "", fmt.Errorf("read the lock file of the local servers: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func installed(dir, stamp string) bool {
	b, err := os.ReadFile(filepath.Join(dir, "node_modules", stampFile))
	return err == nil && string(b) == stamp
}

// lockPath lies outside dir: npm ci empties node_modules, and the source folder stays clean.
func lockPath(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), "straytoken-devstack-"+hex.EncodeToString(sum[:8])+".lock")
}
