package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// folder is where the demo leaves its files. It overwrites those of an earlier demo and nothing else.
type folder struct {
	path string
	open []*os.File
}

func openFolder(path string) (*folder, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(path, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demo's files: %w", err)
	}
	return &folder{path: path}, nil
}

// join is the path of a file in the folder.
func (f *folder) join(name string) string { return filepath.Join(f.path, name) }

// create makes an empty file, which stays open until close.
func (f *folder) create(name string) (*os.File, error) {
	file, err := os.Create(f.join(name))
	if err != nil {
		return nil, fmt.Errorf("make a file of the demo: %w", err)
	}
	f.open = append(f.open, file)
	return file, nil
}

// without removes a file, should there be one of an earlier demo, and gives its path.
func (f *folder) without(name string) (string, error) {
	if err := os.Remove(f.join(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("remove a file of an earlier demo: %w", err)
	}
	return f.join(name), nil
}

func (f *folder) close() error {
	var errs []error
	for _, file := range f.open {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
