package cloudtrail_test

import (
	"fmt"

	"github.com/straytoken/straytoken/cloudtrail"
)

func ExampleDecoder_Decode() {
	record := []byte(`{"detail-type":"AWS API Call via CloudTrail","detail":{
		"eventTime":"2026-03-01T12:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",
		"sourceIPAddress":"198.51.100.7",
		"responseElements":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}}}`)

	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, err := d.Decode(record, func(e *cloudtrail.Event) error {
		fmt.Println(e.Name, "from", e.SourceIPAddress)
		e.Response.Each(func(instance cloudtrail.Raw) { fmt.Println(instance.String("instanceId")) }, "instancesSet")
		return nil
	})
	fmt.Println(err)
	// Output:
	// RunInstances from 198.51.100.7
	// i-1
	// i-2
	// <nil>
}
