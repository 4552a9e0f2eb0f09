package archive

import (
	"errors"

	"golang.org/x/sys/unix"
)

// advice ends the message of an error with what to do about it.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return "; the log stays where it is: make room, or let logs expire earlier"
	case errors.Is(err, unix.EROFS):
		return "; the log stays where it is: mount the file system writable"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "; the log stays where it is: give the user of the logger write access"
	case errors.Is(err, unix.ENOTDIR):
		return "; the log stays where it is: move away the file that is in the way"
	}
	return ""
}
