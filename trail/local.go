package trail

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// listLocal lists a file or a folder that the user named. A file named by the
// user is read whatever it is called or holds, digests and insights excepted.
func listLocal(ctx context.Context, path string, c *collector) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &MissingError{Path: path}
	}
	if err != nil {
		return &FileError{Name: path, Err: cause(err)}
	}
	real, err := realPath(path)
	if err != nil {
		return &FileError{Name: path, Err: cause(err)}
	}
	if info.IsDir() {
		return walk(ctx, path, real, c)
	}
	addNamed(path, real, info, c)
	return nil
}

func addNamed(path, real string, info fs.FileInfo, c *collector) {
	base := filepath.Base(path)
	if r, ok := reasonByName(base); ok && r != Hidden {
		c.skip(r, path)
		return
	}
	if !c.filter.allows(parseName(base)) {
		c.skip(Filtered, path)
		return
	}
	size, regular := info.Size(), info.Mode().IsRegular()
	if !regular {
		size = -1 // a pipe, as of <(zcat …)
	}
	c.add(Entry{Name: path, Size: size, again: regular, open: fileOpener(path)}, real)
}

// walk lists a folder, whose real path is free of symbolic links. Every folder
// is entered once, so that links in a circle end.
func walk(ctx context.Context, dir, real string, c *collector) error {
	if !c.claim(real) {
		c.skip(Repeated, dir)
		return nil
	}
	children, err := os.ReadDir(dir)
	if err != nil {
		c.problem(dir, cause(err)) // what could be read is in children
	}
	for _, child := range children {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(ctx, dir, real, child.Name(), c); err != nil {
			return err
		}
	}
	return nil
}

func visit(ctx context.Context, dir, real, base string, c *collector) error {
	path, realChild := filepath.Join(dir, base), filepath.Join(real, base)
	if r, ok := reasonByName(base); ok {
		c.skip(r, path)
		return nil
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		realChild, info, err = follow(path)
	}
	switch {
	case err != nil:
		c.problem(path, cause(err))
	case info.IsDir():
		return walk(ctx, path, realChild, c)
	default:
		addFound(path, realChild, info, c)
	}
	return nil
}

// addFound adds a file found in a folder, if it is one of CloudTrail's.
func addFound(path, real string, info fs.FileInfo, c *collector) {
	name := parseName(filepath.Base(path))
	switch {
	case !info.Mode().IsRegular():
		c.skip(Special, path)
	case !c.filter.allows(name):
		c.skip(Filtered, path)
	case info.Size() == 0:
		c.skip(Empty, path)
	case name.delivered.IsZero() && !sniffFile(path):
		c.skip(NotTrail, path)
	default:
		c.add(Entry{Name: path, Size: info.Size(), again: true, open: fileOpener(path)}, real)
	}
}

func follow(link string) (string, fs.FileInfo, error) {
	real, err := realPath(link)
	if err != nil {
		return "", nil, err
	}
	info, err := os.Stat(real)
	return real, info, err
}

func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	// A pipe such as /dev/fd/63 is a link to no path: it is its own identity.
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(abs); statErr == nil {
			return abs, nil
		}
	}
	return real, err
}

func fileOpener(path string) opener {
	return func(context.Context) (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, cause(err)
		}
		return f, nil
	}
}

// cause strips operation and path, which a FileError repeats.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
