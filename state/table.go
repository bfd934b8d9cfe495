package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// ErrNoTable tells that the state table does not exist and was not to be created.
var ErrNoTable = errors.New("the state table does not exist")

// tableWait bounds the wait for a table to become active.
const tableWait = 2 * time.Minute

// Ensure makes sure that the table is there and has the right keys; where it is
// missing it is created (on demand, with time to live) if create is set, else the
// error is ErrNoTable.
func (d *Dynamo) Ensure(ctx context.Context, create bool) error {
	out, err := d.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &d.table})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing) && !create:
		return fmt.Errorf("dynamodb table %q: %w", d.table, ErrNoTable)
	case errors.As(err, &missing):
		return d.create(ctx)
	case err != nil:
		return fmt.Errorf("dynamodb DescribeTable %s: %w", d.table, err)
	}
	if err := checkKeys(out.Table); err != nil {
		return err
	}
	return d.active(ctx)
}

func checkKeys(t *types.TableDescription) error {
	keys := map[string]types.KeyType{}
	for _, k := range t.KeySchema {
		keys[aws.ToString(k.AttributeName)] = k.KeyType
	}
	if keys[attrKey] != types.KeyTypeHash || keys[attrSort] != types.KeyTypeRange {
		return fmt.Errorf("dynamodb table %q has other keys than straytoken's (hash key %q, range key %q, both strings): give another table name",
			aws.ToString(t.TableName), attrKey, attrSort)
	}
	return nil
}

func (d *Dynamo) create(ctx context.Context) error {
	text := types.ScalarAttributeTypeS
	_, err := d.client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &d.table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrKey), AttributeType: text},
			{AttributeName: aws.String(attrSort), AttributeType: text},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(attrKey), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(attrSort), KeyType: types.KeyTypeRange},
		},
	})
	var exists *types.ResourceInUseException // another worker was first
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("dynamodb CreateTable %s: %w", d.table, err)
	}
	if err := d.active(ctx); err != nil {
		return err
	}
	return d.timeToLive(ctx)
}

func (d *Dynamo) active(ctx context.Context) error {
	waiter := dynamodb.NewTableExistsWaiter(d.client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 2*time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &d.table}, tableWait); err != nil {
		return fmt.Errorf("wait for dynamodb table %s: %w", d.table, err)
	}
	return nil
}

// timeToLive asks DynamoDB to delete expired items. It only saves storage: no
// verdict depends on whether a fact that old is still there. So a server without
// the call, or another worker's identical call, is no failure.
func (d *Dynamo) timeToLive(ctx context.Context) error {
	_, err := d.client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &d.table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(attrExpires), Enabled: aws.Bool(true)},
	})
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "ValidationException", "UnknownOperationException", "ResourceInUseException":
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("dynamodb UpdateTimeToLive %s: %w", d.table, err)
	}
	return nil
}
