package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tableWait bounds the wait for the lease table to become active.
const tableWait = 2 * time.Minute

// ensureTable makes sure that the lease table exists, is one, and is active.
func ensureTable(ctx context.Context, api *dynamodb.Client, name string, mayCreate bool) error {
	found, err := describeTable(ctx, api, name)
	if err != nil {
		return err
	}
	if found == nil {
		if !mayCreate {
			return &Error{Problem: TableMissing, Resource: name, Advice: "create it with the string hash key " + attrKey +
				", or allow the worker to create it"}
		}
		if err := createTable(ctx, api, name); err != nil {
			return err
		}
	}
	return awaitTable(ctx, api, name)
}

// describeTable returns nil without an error when there is no such table.
func describeTable(ctx context.Context, api *dynamodb.Client, name string) (*types.TableDescription, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err, "the DynamoDB table "+name)
	}
	return out.Table, nil
}

// createTable pays per request: the load is a few writes a second and shard, and nobody needs to plan it.
func createTable(ctx context.Context, api *dynamodb.Client, name string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := api.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrKey), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String(attrKey), KeyType: types.KeyTypeHash}},
	})
	var other *types.ResourceInUseException
	if errors.As(err, &other) {
		return nil // another worker is creating it
	}
	return explain(err, "the DynamoDB table "+name)
}

// awaitTable waits until the table is active, and checks its key.
func awaitTable(ctx context.Context, api *dynamodb.Client, name string) error {
	wait := backoff{first: 50 * time.Millisecond, limit: 2 * time.Second}
	deadline := time.Now().Add(tableWait)
	for n := 1; ; n++ {
		d, err := describeTable(ctx, api, name)
		if err != nil {
			return err
		}
		if d != nil && d.TableStatus == types.TableStatusActive || d != nil && d.TableStatus == types.TableStatusUpdating {
			return checkKey(d)
		}
		if time.Now().After(deadline) {
			return &Error{Problem: TableUnusable, Resource: name,
				Err: fmt.Errorf("not active after %v", tableWait), Advice: "look at its status in the DynamoDB console"}
		}
		if err := pause(ctx, wait.delay(n)); err != nil {
			return err
		}
	}
}

func checkKey(d *types.TableDescription) error {
	if len(d.KeySchema) == 1 && aws.ToString(d.KeySchema[0].AttributeName) == attrKey {
		return nil
	}
	return &Error{Problem: TableUnusable, Resource: aws.ToString(d.TableName),
		Err: fmt.Errorf("its key is not the single attribute %s", attrKey), Advice: "choose another name for the lease table"}
}
