package client

// pending is messages that wait for the next session.
type pending struct {
	open  bool // more may come
	all   []outgoing
	bytes int
}

func (p *pending) add(m outgoing, max int) error {
	if len(p.all) > 0 && p.bytes+len(m.data) > max {
		return ErrFull
	}
	p.all = append(p.all, m)
	p.bytes += len(m.data)
	return nil
}

// take empties it, and nothing more may come.
func (p *pending) take() []outgoing {
	all := p.all
	*p = pending{}
	return all
}
