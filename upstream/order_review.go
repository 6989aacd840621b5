package upstream

// OrderReviews is how the two sides rated each other (result.order_rate_info, 订单评价信息). The two
// statuses always come, the two lists belong to the domain RateDetail.
type OrderReviews struct {
	BuyerReviewStatus  Enum           `json:"buyer_rate_status" enum:"OrderReviewStatus"`  // 买家评价状态
	SellerReviewStatus Enum           `json:"seller_rate_status" enum:"OrderReviewStatus"` // 卖家评价状态
	ReviewsOfBuyer     []*OrderReview `json:"buyer_rate_list"`                             // 卖家給买家的评价, written by the seller
	ReviewsOfSeller    []*OrderReview `json:"seller_rate_list"`                            // 买家給卖家的评价, written by the buyer
}

// BuyerReviewStatusRaw returns order_rate_info.buyer_rate_status as it was sent.
func (r *OrderReviews) BuyerReviewStatusRaw() RawText { return r.BuyerReviewStatus.Raw() }

// SellerReviewStatusRaw returns order_rate_info.seller_rate_status as it was sent.
func (r *OrderReviews) SellerReviewStatusRaw() RawText { return r.SellerReviewStatus.Raw() }

// OrderReview is one rating (order_rate_info.buyer_rate_list and seller_rate_list).
type OrderReview struct {
	Rating           Int  `json:"star_level"`    // 评价星级
	Content          Text `json:"content"`       // 评价详情
	ReviewerNickname Text `json:"poster_nick"`   // 发送评价的用户昵称
	RevieweeNickname Text `json:"receiver_nick"` // 收到评价的用户昵称
	PublishedAt      Time `json:"publish_time"`  // 评价上线时间
}
