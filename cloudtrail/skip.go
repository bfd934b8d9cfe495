package cloudtrail

// skip passes one value of any type and checks its grammar. It loops instead of
// recursing: the depth of the text costs a byte a level, and no stack.
func (c *cursor) skip() {
	c.work.open = c.work.open[:0]
	for c.fault == "" {
		if c.begin() {
			continue
		}
		for !c.follow() {
			if len(c.work.open) == 0 || c.fault != "" {
				return
			}
		}
	}
}

// begin passes a scalar, an empty container or an opening bracket. It reports
// whether a value of the container comes next.
func (c *cursor) begin() bool {
	switch b := c.peek(); b {
	case '{':
		return c.push('}') && c.memberName()
	case '[':
		return c.push(']')
	default:
		c.scalar(b)
		return false
	}
}

// push passes an opening bracket. Unless the container is empty it is now open.
func (c *cursor) push(closing byte) bool {
	c.pos++
	if c.take(closing) {
		return false
	}
	if c.depth+len(c.work.open) >= c.maxDepth {
		c.fail(ErrTooDeep)
		return false
	}
	c.work.open = append(c.work.open, closing)
	return true
}

// follow passes what stands after a value: a comma (and a name, in an object),
// when it reports true, or the closing bracket. With nothing open, nothing
// follows.
func (c *cursor) follow() bool {
	last := len(c.work.open) - 1
	if last < 0 {
		return false
	}
	closing := c.work.open[last]
	if c.take(',') {
		return closing == ']' || c.memberName()
	}
	if !c.take(closing) {
		c.fail(ErrNotJSON)
	}
	c.work.open = c.work.open[:last]
	return false
}

// memberName passes a name that nobody reads, and the colon.
func (c *cursor) memberName() bool {
	if c.peek() != '"' {
		c.fail(ErrNotJSON)
		return false
	}
	c.quotes()
	if !c.take(':') {
		c.fail(ErrNotJSON)
	}
	return c.fault == ""
}

// scalar passes the string, number or literal that begins with b.
func (c *cursor) scalar(b byte) {
	switch b {
	case '"':
		c.quotes()
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	default:
		c.number()
	}
}

func (c *cursor) literal(word string) {
	for i := range len(word) {
		if c.pos == len(c.text) || c.text[c.pos] != word[i] {
			c.fail(ErrNotJSON)
			return
		}
		c.pos++
	}
}

// number passes a number (RFC 8259 section 6). Its value is never computed:
// 1e999999 is as good as any.
func (c *cursor) number() {
	c.option("-")
	if !c.option("0") {
		c.digits()
	}
	if c.option(".") {
		c.digits()
	}
	if c.option("eE") {
		c.option("+-")
		c.digits()
	}
}

// option passes one byte of set, if it comes next.
func (c *cursor) option(set string) bool {
	if c.pos == len(c.text) {
		return false
	}
	for i := range len(set) {
		if c.text[c.pos] == set[i] {
			c.pos++
			return true
		}
	}
	return false
}

// digits passes one digit or more.
func (c *cursor) digits() {
	start := c.pos
	for c.pos < len(c.text) && '0' <= c.text[c.pos] && c.text[c.pos] <= '9' {
		c.pos++
	}
	if c.pos == start {
		c.fail(ErrNotJSON)
	}
}
