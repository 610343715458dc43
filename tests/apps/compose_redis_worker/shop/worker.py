import os

import redis

queue = redis.Redis.from_url(os.environ["QUEUE_URL"])
while True:
    print("done", queue.blpop("jobs"))
