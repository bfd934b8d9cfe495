package cloudtrail

// skip passes one value of any type at i, checks its grammar and returns the offset
// behind it. It loops instead of recursing: the depth of the text costs a byte a level,
// and no stack.
func (c *cursor) skip(i int) (next int) {
	if i < len(c.text) && 'a' <= c.text[i] && c.text[i] <= 'z' {
		if end := c.literalEnd(i); end != 0 {
			return end
		}
	}
	open := c.work.open[:0]
	for c.fault == "" {
		if end := c.simple(i); end != 0 {
			i = end
		} else {
			var closing byte
			if i, closing = c.begin(i, len(open)); closing != 0 {
				open = append(open, closing)
				continue
			}
		}
		if i, open = c.follow(i, open); len(open) == 0 {
			break
		}
	}
	c.work.open = open
	return i
}

// literalEnd returns the offset behind the literal at i, 0 when there is none.
func (c *cursor) literalEnd(i int) int {
	return max(c.wordEnd("true", i), c.wordEnd("false", i), c.wordEnd("null", i))
}

// begin passes a scalar, an empty container or an opening bracket at i. It returns
// the offset of what comes next, and the closing bracket when that is a value of the
// container, 0 otherwise.
func (c *cursor) begin(i, depth int) (next int, closing byte) {
	c.pos = i
	b := c.peek()
	if b != '{' && b != '[' {
		c.scalar(b)
		return c.pos, 0
	}
	closing = b + 2 // as ASCII has it
	c.pos++
	if c.take(closing) {
		return c.pos, 0
	}
	if c.depth+depth >= c.maxDepth {
		c.fail(ErrTooDeep)
	}
	if closing == '}' {
		c.pos = c.memberName(c.pos)
	}
	return c.pos, closing
}

// follow passes what stands behind a value at i: closing brackets, and a comma, and
// in an object a name. It returns the offset of the next value and what is still open;
// with nothing open, nothing follows.
func (c *cursor) follow(i int, open []byte) (int, []byte) {
	for len(open) > 0 {
		if i == len(c.text) || c.text[i] <= ' ' {
			c.peekAt(i)
			if i = c.pos; i == len(c.text) {
				c.fail(ErrNotJSON)
				return i, open
			}
		}
		closing := open[len(open)-1]
		switch c.text[i] {
		case closing:
			i++
			open = open[:len(open)-1]
		case ',':
			if closing == '}' {
				return c.memberName(i + 1), open
			}
			return i + 1, open
		default:
			c.pos = i
			c.fail(ErrNotJSON)
			return c.pos, open
		}
	}
	return i, open
}

// memberName passes a name at i that nobody reads, and the colon. It returns the
// offset behind that.
func (c *cursor) memberName(i int) int {
	if end := c.simple(i); end != 0 && c.text[end] == ':' {
		return end + 1
	}
	c.pos = i
	if c.peek(); !c.atQuote() {
		c.fail(ErrNotJSON)
		return c.pos
	}
	c.quotes()
	if !c.take(':') {
		c.fail(ErrNotJSON)
	}
	return c.pos
}

// scalar passes the string, number or literal that begins with b.
func (c *cursor) scalar(b byte) {
	switch b {
	case '"', '\\':
		if !c.atQuote() {
			c.fail(ErrNotJSON)
			return
		}
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
	if end := c.wordEnd(word, c.pos); end != 0 {
		c.pos = end
		return
	}
	// The fault is where the text departs from the word, or ends.
	for i := 0; c.pos < len(c.text) && c.text[c.pos] == word[i]; i++ {
		c.pos++
	}
	c.fail(ErrNotJSON)
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
