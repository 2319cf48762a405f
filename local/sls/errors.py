"""The errors of Simple Log Service: status, code and message as its API reference lists them."""

from __future__ import annotations

from local.faults import sls_error

_STATUS = {
    "DashboardAlreadyExist": 400,
    "DashboardNotExist": 404,
    "IndexAlreadyExist": 400,
    "IndexConfigNotExist": 404,
    "IndexInfoInvalid": 400,
    "InternalServerError": 500,
    "InvalidAPIVersion": 400,
    "InvalidAccessKeyId": 401,
    "InvalidBodyRawSize": 400,
    "InvalidCompressType": 400,
    "InvalidContentType": 415,
    "InvalidDateFormat": 400,
    "InvalidEncoding": 400,
    "InvalidSignatureMethod": 400,
    "InvalidTimestamp": 400,
    "JobAlreadyExist": 400,
    "JobNotExist": 404,
    "LogStoreAlreadyExist": 400,
    "LogStoreNotExist": 404,
    "MethodNotSupported": 405,
    "MissingAPIVersion": 400,
    "MissingBodyRawSize": 400,
    "MissingContentLength": 411,
    "MissingContentType": 400,
    "MissingDate": 400,
    "MissingHost": 400,
    "MissingSignatureMethod": 400,
    "NotFound": 404,
    "NotSupported": 400,
    "ParameterInvalid": 400,
    "PostBodyInvalid": 400,
    "PostBodyTooLarge": 400,
    "PostBodyUncompressError": 400,
    "ProjectAlreadyExist": 400,
    "ProjectNotExist": 404,
    "RequestTimeTooSkewed": 400,
    "SavedSearchAlreadyExist": 400,
    "SavedSearchNotExist": 404,
    "SignatureNotMatch": 401,
    "Unauthorized": 401,
    "WriteQuotaExceed": 403,
}


class SlsError(Exception):
    """An error answer: `code` is one of the service's and determines the HTTP `status`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = _STATUS[code]

    def body(self) -> bytes:
        """Render the JSON body of the answer."""
        return sls_error(self.code, self.message)
