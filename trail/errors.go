package trail

import "fmt"

// MissingError says that a path that the user named does not exist, or that an
// S3 prefix has no objects.
type MissingError struct {
	Path string
}

func (e *MissingError) Error() string { return e.Path + ": nothing there" }

// FileError is a file or folder that could not be read. The others can be.
type FileError struct {
	Name string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
