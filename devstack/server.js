'use strict'
// Starts kinesalite (Kinesis) and dynalite (DynamoDB) on loopback, on free ports, in one process.
// Prints one line of JSON, {"kinesis": port, "dynamodb": port}, once both accept requests.
// Ends when its standard input closes, so that nothing outlives a killed parent.

answerTimestampsOfEmptyShards()

const kinesalite = require('kinesalite')({
  createStreamMs: 20, updateStreamMs: 20, deleteStreamMs: 20, shardLimit: 500,
})
const dynalite = require('dynalite')({ createTableMs: 20, updateTableMs: 20, deleteTableMs: 20 })

// kinesalite 3.3.3 never answers a GetShardIterator of AT_TIMESTAMP when no record is that young. Kinesis answers
// with an iterator for the records to come. The iterator for those is taken before looking for a record, so that one
// that arrives in between is not lost.
function answerTimestampsOfEmptyShards() {
  const path = require.resolve('kinesalite/actions/getShardIterator')
  const original = require(path)
  require.cache[path].exports = (store, data, cb) => {
    if (data.ShardIteratorType !== 'AT_TIMESTAMP' || data.Timestamp * 1000 > Date.now()) return original(store, data, cb)
    const { Timestamp, ...latest } = { ...data, ShardIteratorType: 'LATEST' }
    original(store, latest, (err, answer) => {
      if (err) return cb(err)
      hasRecordSince(store, data, (err, found) => {
        if (err || !found) return cb(err, answer)
        original(store, data, cb)
      })
    })
  }
}

function hasRecordSince(store, data, cb) {
  const db = require('kinesalite/db')
  const { shardIx } = db.resolveShardId(data.ShardId)
  let found = false
  store.getStreamDb(data.StreamName)
    .createReadStream({ gt: db.shardIxToHex(shardIx), lt: db.shardIxToHex(shardIx + 1) })
    .on('data', ({ value }) => { found ||= value.ApproximateArrivalTimestamp >= data.Timestamp })
    .on('error', cb)
    .on('end', () => cb(null, found))
}

// Both servers throw when a client hangs up in the middle of a request, as a worker does that is told to stop, and
// kinesalite throws at some requests that it does not expect. Such a request stays without an answer; the others go on.
process.on('uncaughtException', (err) => {
  if (err.code !== 'ECONNRESET' && err.code !== 'EPIPE') console.error(err.stack)
})

function listen(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}

process.stdin.resume()
process.stdin.on('close', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))

Promise.all([listen(kinesalite), listen(dynalite)]).then(
  ([kinesis, dynamodb]) => console.log(JSON.stringify({ kinesis, dynamodb })),
  (err) => {
    console.error(err.stack)
    process.exit(1)
  },
)
