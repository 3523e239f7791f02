"""Who gets the mails on a dataset, where the workshop mails itself (workshop.mailing); and which mail has been sent.

READERS#<dataset>     <address>              somebody gets the mails on this dataset
READERS#*             <address>              ... on every dataset
MAIL#<message id>     READER#<hash>          one notice to one reader: as a run's notices; it expires
"""

import hashlib

from botocore.exceptions import ClientError

from workshop.platform.clients import DynamoDB, error_code
from workshop.platform.items import from_item, to_item

EVERY_DATASET = "*"
IS_NO_READER = "attribute_not_exists(pk)"


def readers_key(dataset: str) -> str:
    """The partition of a dataset's readers, or of those of EVERY_DATASET."""
    return f"READERS#{dataset}"


def mail_key(message_id: str, address: str) -> dict[str, str]:
    """Key of the record of one mail. Who was written to stays out of it: it is kept for long."""
    return {"pk": f"MAIL#{message_id}", "sk": f"READER#{hashlib.sha256(address.encode()).hexdigest()[:32]}"}


class Readers:
    """Reads and writes of who gets which mails."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of_dataset(self, dataset: str) -> set[str]:
        """The addresses of those who get the mails on a dataset, by its name or with all."""
        return self._listed(dataset) | self._listed(EVERY_DATASET)

    def add(self, dataset: str, address: str) -> bool:
        """Somebody gets the mails on a dataset, or on EVERY_DATASET. False if they get these already."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_item({"pk": readers_key(dataset), "sk": address}),
                ConditionExpression=IS_NO_READER,
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _listed(self, dataset: str) -> set[str]:
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :readers",
            "ExpressionAttributeValues": to_item({":readers": readers_key(dataset)}),
            "ConsistentRead": True,
        }
        found: set[str] = set()
        while True:
            page = self._dynamodb.query(**request)
            found |= {str(from_item(item)["sk"]) for item in page["Items"]}
            if "LastEvaluatedKey" not in page:
                return found
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
