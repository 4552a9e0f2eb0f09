package nodes

import (
	"zctl/layoutgen"
	"zctl/nodes/archive"
	"zctl/nodes/logger"
	"zctl/nodes/logtext"
)

// UseLogs makes the options of a logger those of the section [logs] of a zctl.toml.
// Logs are archived in dir; "" is nowhere, and then they are never rotated. Nothing
// is checked; see [layoutgen.Logs.Check].
func (o *Options) UseLogs(l layoutgen.Logs, dir string) {
	o.Logger.FlushInterval = l.FlushInterval
	o.Logger.Text = logger.Text{
		Format: logger.Format(l.Format), Streams: map[string]logger.Format{},
		Include: l.Include, Exclude: l.Exclude, Options: logText(l.LogAscii),
	}
	for log, format := range l.Streams {
		o.Logger.Text.Streams[log] = logger.Format(format)
	}
	o.Logger.Rotation, o.Archive = nil, nil
	if dir == "" {
		return
	}
	o.Logger.Rotation = &logger.Rotation{Interval: l.RotationInterval, Size: int64(l.RotationSize)}
	o.Archive = &Archive{
		Config: archive.Config{
			Store:       archive.Store{Dir: dir, Compression: archive.Compression(l.Compression)},
			PostProcess: l.PostProcess,
		},
		Rules: archive.Rules{MaxAge: l.ExpireAfter, MaxBytes: int64(l.MaxSize), Keep: l.Keep},
	}
}

// UseMemory makes a logger hold so much that its process needs about that many bytes
// at most.
func (o *Options) UseMemory(bytes int64) {
	o.Logger.Memory = int(bytes / 4)
}

// MemoryLimit is the limit for the runtime of a logger's process, in bytes
// ([debug.SetMemoryLimit]), with which it needs no more than [Options.UseMemory] said:
// the rest is the program itself, and what the collector is late by.
func (o *Options) MemoryLimit() int64 { return int64(o.Logger.Memory) * 4 * 7 / 8 }

func logText(a layoutgen.LogAscii) *logtext.Options {
	return &logtext.Options{
		JSONTimestamps: logtext.Timestamps(a.JSONTimestamps), JSONIncludeUnsetFields: a.JSONIncludeUnsetFields,
		EnableUTF8: a.EnableUTF8, IncludeMeta: a.IncludeMeta, MetaPrefix: a.MetaPrefix,
		Separator: a.Separator, SetSeparator: a.SetSeparator, EmptyField: a.EmptyField, UnsetField: a.UnsetField,
	}
}
