package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// What is planted in every order and token, and must never be seen in what the server writes.
const (
	plantedName    = "张机密"
	plantedPhone   = "13900009999"
	plantedAddress = "机密路1号"
	plantedToken   = "PLANTED"
)

// marker is what an order shows as its buyer's message: who asked for it, and which it is. So an
// order that reaches somebody else, or another order's answer, is noticed.
func marker(authorization, id string) string { return authorization + " asked for " + id }

func order(authorization, id string) map[string]any {
	return map[string]any{
		"base_info": map[string]any{
			"id": json.Number(id), "id_of_str": id, "status": "waitbuyerreceive", "total_amount": json.Number("6.15"),
			"buyer_feedback": marker(authorization, id), "create_time": "20170913231708000-0700",
			"buyer_contact": map[string]any{"name": plantedName, "mobile": plantedPhone},
		},
		"native_logistics": map[string]any{"address": plantedAddress, "contact_person": plantedName, "mobile": plantedPhone},
		"product_items":    []any{map[string]any{"name": "scarf", "sub_item_id": json.Number(id), "quantity": 2}},
	}
}

// envelope is the answer with a result and a status.
func envelope(status any, result any) []byte {
	body, err := json.Marshal(map[string]any{
		"data": map[string]any{"deduct_money": 1, "result": result}, "status": status,
	})
	if err != nil {
		panic(err) // Only literals of this program are encoded.
	}
	return body
}

// answerOrder answers with the order that was asked for.
func answerOrder(x *exchange) { x.respond(200, envelope(0, order(x.authorization, x.id))) }

// after answers like b, later.
func after(delay time.Duration, b behaviour) behaviour {
	return func(x *exchange) {
		if x.wait(delay) {
			b(x)
		}
	}
}

// answer answers with body under an HTTP status.
func answer(status int, body string, fields ...string) behaviour {
	return func(x *exchange) { x.respond(status, []byte(body), fields...) }
}

// refuse answers with a response code and a text, as the upstream refuses.
func refuse(code any, text string) behaviour {
	body, err := json.Marshal(map[string]any{"status": code, "msg": text, "data": nil})
	if err != nil {
		panic(err) // Only literals of this program are encoded.
	}
	return answer(200, string(body))
}

// refuseWithLink answers 302 with a link where access can be granted.
func refuseWithLink(link string) behaviour {
	return answer(200, fmt.Sprintf(`{"status":302,"msg":"未授权店铺","data":{"authUrl":%q}}`, link))
}
