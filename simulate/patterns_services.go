package simulate

import "time"

// servicePatterns are AWS itself, third parties, and the log's own oddities.
func servicePatterns() []pattern {
	return []pattern{
		{"service-calls", "service", "CloudFormation, Auto Scaling, AWS Internal: AWS calls for somebody", plantServices},
		{"cognito-users", "cognito", "all users of an application under one session name", plantCognito},
		{"saas-scanner", "role", "a vendor's cross-account role from any address of his pool", plantScanner},
		{"denied-errors", "ec2", "a workload whose role lacks a right it asks for again and again", plantDenied},
		{"corrected-record", "long-term", "a record again, hours later, corrected, with an addendum", plantCorrected},
		{"late-records", "long-term", "records that an outage holds back for an hour and a half", plantLate},
	}
}

func plantServices(p *plot) {
	s := p.w.newServices(p.acct, p.region, p.number)
	s.witness = p.witness()
	s.live()
}

func plantCognito(p *plot) {
	a := p.w.newApp(p.acct, p.number)
	a.witness = p.witness()
	p.every(8*time.Minute, p.forever(a.visit))
}

func plantScanner(p *plot) {
	s := p.w.newScanner(p.acct, p.number)
	s.witness = p.witness()
	p.every(2*time.Hour, p.forever(s.scan))
}

func plantDenied(p *plot) {
	i := p.instance(p.network(network{nats: 1}), machine{})
	p.every(10*time.Minute, p.forever(func() {
		c := i.caller("kms.amazonaws.com", i.agent)
		p.call(c, denied(c.id, decrypt(&p.actor)))
	}))
}

func plantCorrected(p *plot) {
	s := p.w.newServices(p.acct, p.region, p.number)
	p.midway(s.corrected)
}

func plantLate(p *plot) {
	s := p.w.newServices(p.acct, p.region, p.number)
	for range 5 {
		p.midway(s.outage)
	}
}
