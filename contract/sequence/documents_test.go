package sequence

// shop has a thing of each kind that is made, nested, listed and named.
const shop = `
openapi: 3.0.3
components:
  schemas:
    Product:
      type: object
      required: [name]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string}
        stock: {type: integer}
    Line:
      type: object
      required: [productId]
      properties:
        lineId: {type: string, readOnly: true}
        productId: {type: integer}
paths:
  /products:
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer, minimum: 1}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: order, in: query, schema: {type: string, enum: [asc, desc]}}
      responses:
        '200':
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {type: array, items: {$ref: '#/components/schemas/Product'}}
                  total: {type: integer}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
      responses:
        '201': {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
  /products/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
    get:
      responses:
        '200':
          headers: {ETag: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}
        '304': {description: not modified}
        '404': {description: none}
    put:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
        '404': {description: none}
        '412': {description: changed}
    patch:
      requestBody: {content: {application/merge-patch+json: {schema: {$ref: '#/components/schemas/Product'}}}}
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
    delete:
      responses: {'204': {description: gone}}
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {note: {type: string}}}}}}
      responses:
        '201': {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
  /orders/{orderId}/lines:
    parameters:
      - {name: orderId, in: path, required: true, schema: {type: string}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Line'}}}}
      responses:
        '201': {content: {application/json: {schema: {$ref: '#/components/schemas/Line'}}}}
  /orders/{orderId}/lines/{lineId}:
    parameters:
      - {name: orderId, in: path, required: true, schema: {type: string}}
      - {name: lineId, in: path, required: true, schema: {type: string}}
    delete:
      responses: {'204': {description: gone}}
  /reviews:
    get:
      parameters:
        - {name: product_id, in: query, required: true, schema: {type: integer}}
      responses: {'200': {description: ok}}
  /parcel:
    get:
      parameters:
        - {name: X-Order-Id, in: header, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /countries:
    get:
      responses:
        '200':
          content:
            application/json:
              schema: {type: object, properties: {items: {type: array, items: {type: object, properties: {code: {type: string}, title: {type: string}}}}}}
  /countries/{code}:
    get:
      parameters:
        - {name: code, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /jobs:
    post:
      responses: {'201': {description: made}}
  /jobs/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /jobs/{id}/log:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /buckets/{name}:
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}}
    get:
      responses: {'200': {description: ok}}
    put:
      responses: {'201': {description: made}, '200': {description: changed}}
`

const petstore = `
openapi: 3.0.3
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        id: {type: integer}
        name: {type: string}
        category: {type: object, properties: {id: {type: integer}, name: {type: string}}}
    User:
      type: object
      properties:
        id: {type: integer}
        username: {type: string}
paths:
  /pet:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
  /pet/{petId}:
    parameters:
      - {name: petId, in: path, required: true, schema: {type: integer}}
    get:
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
    delete:
      responses: {'200': {description: ok}}
  /user:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}
      responses: {default: {description: ok}}
  /user/{username}:
    get:
      parameters:
        - {name: username, in: path, required: true, schema: {type: string}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}}}
`

const hub = `
openapi: 3.0.3
paths:
  /user/repos:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses:
        '201':
          content:
            application/json:
              schema:
                type: object
                properties:
                  id: {type: integer}
                  name: {type: string}
                  owner: {type: object, properties: {id: {type: integer}, login: {type: string}}}
  /repos/{owner}/{repo}:
    get:
      parameters:
        - {name: owner, in: path, required: true, schema: {type: string}}
        - {name: repo, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
`

const linking = `
openapi: 3.0.3
paths:
  /sales:
    post:
      operationId: sell
      requestBody: {content: {application/json: {schema: {type: object, properties: {key: {type: string}}}}}}
      responses:
        '201':
          content:
            application/json:
              schema: {type: object, properties: {invoice: {type: object, properties: {number: {type: string}}}}}
          links:
            Invoice: {operationId: invoice, parameters: {no: '$response.body#/invoice/number'}}
            Nowhere: {operationId: missing}
            Joined: {operationId: invoice, parameters: {no: 'a-{$response.body#/invoice/number}'}}
        '404':
          description: none
        '409':
          links:
            Existing: {operationId: invoice, parameters: {path.no: '{$request.body#/key}'}}
        '429':
          links:
            Limits: {operationId: invoice, parameters: {no: 'constant'}}
  /invoice/{no}:
    get:
      operationId: invoice
      parameters:
        - {name: no, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
`

const guarded = `
openapi: 3.0.3
paths:
  /docs:
    post:
      responses: {'201': {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /docs/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    get:
      responses: {'200': {description: ok, headers: {ETag: {schema: {type: string}}}}}
    delete:
      parameters:
        - {name: If-Match, in: header, required: true, schema: {type: string}}
      responses: {'204': {description: gone}}
`

const cyclic = `
openapi: 3.0.3
paths:
  /authors:
    post:
      requestBody: {content: {application/json: {schema: {type: object, required: [bookId], properties: {bookId: {type: string}}}}}}
      responses: {'201': {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /authors/{authorId}:
    get:
      parameters:
        - {name: authorId, in: path, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /books:
    post:
      requestBody: {content: {application/json: {schema: {type: object, required: [authorId], properties: {authorId: {type: string}, title: {type: string}}}}}}
      responses: {'201': {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
`
