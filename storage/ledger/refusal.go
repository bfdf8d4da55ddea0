package ledger

import "strings"

// refusals are what a Redis that answers says when it takes no writes, and what to do.
var refusals = []struct{ says, cure string }{
	{"OOM command not allowed", "Redis is full (maxmemory is reached): give it more memory"},
	{"READONLY You can't write", "this Redis is a replica and takes no writes: name the primary"},
	{"NOREPLICAS ", "Redis takes no writes without its replicas (min-replicas-to-write): bring them back"},
	{"MISCONF ", "Redis cannot write its own files and takes no writes: see to its disk"},
	{"LOADING ", "Redis is loading its data: try again in a moment"},
	{"MASTERDOWN ", "this replica has lost its primary: bring it back"},
	{"CLUSTERDOWN ", "the Redis cluster is down: bring its nodes back"},
	{"TRYAGAIN ", "the Redis cluster is moving slots: try again in a moment"},
	{"BUSY ", "Redis is busy with a script: try again in a moment"},
}

// Refusal says why Redis does not take what is written, and what to do; empty when the
// error is another one. It goes by the text, which is all that asynq and scripts keep.
func Refusal(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, r := range refusals {
		if at := strings.Index(text, r.says); at == 0 || at > 0 && strings.IndexByte(" -:", text[at-1]) >= 0 {
			return r.cure
		}
	}
	return ""
}
